@shop/sell
Feature: Selling
  @id:rows
  Scenario Outline: Row
    Given a stock of <stock>
    When <sold> are sold
    Then <left> are left

    Examples:
      | name | stock | sold | left |
      | a    | 3     | 1    | 2    |
