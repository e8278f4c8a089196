@additional @product-item/conflicts
Feature: Edits on both sides of a product and its item lose nothing that was not agreed to be lost

  Background:
    Given a Customerp Product linked with its Invoiced Item
    And its description is Half a day on both sides

  @id:saved-again @req:36
  Scenario Outline: Saving without a change moves nothing: <case>
    When <property> is set to Half a day in <system>
    And the sync comes to rest
    Then the sync has written nothing since
    And nothing else has changed on either side

    Examples: both sides
      | case      | property | system    |
      | customerp | description | Customerp |
      | invoiced  | description | Invoiced  |

  @id:only-what-is-synchronised @req:40 @req:41
  Scenario: An edit of something that is not synchronised is no conflict
    When gl_account is set to Fifty in Invoiced
    And description is set to One day in Customerp
    And the sync comes to rest
    Then description in Invoiced is One day
    And gl_account in Invoiced is Fifty
    And nothing else has changed on either side
    And one more round writes nothing

  @id:accepted-but-ignored @req:37 @req:43
  Scenario: What Invoiced accepts and does not keep is not taken for a newer value
    When description is set to One day in Customerp
    And Invoiced accepts the next change but ignores description
    And the sync comes to rest
    Then the sync reports a divergence on description
    And description in Customerp is One day
    And nothing else has changed on either side
    And one more round writes nothing

  @id:overtaken @req:39
  Scenario: An edit that comes between the sync's look and its write is not overwritten
    When description is set to One day in Invoiced
    And description is to become Two days in Customerp just before the sync's next change of a Product
    And the sync comes to rest
    Then description in Customerp is Two days
    And description in Invoiced is Two days
    And the sync reports a conflict on description, won by Customerp
    And nothing else has changed on either side
    And one more round writes nothing
