@shop/sell
Feature: Selling
  @id:one
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then all is well
